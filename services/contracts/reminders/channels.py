"""How a person is reached: his settings, his devices, and what was sent to him."""
