from chassis.tests.interface.test_http import edge, make_edge  # noqa: F401
