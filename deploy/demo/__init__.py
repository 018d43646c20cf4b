"""The main job, played against the running platform: one order to 184 units, seen arriving live."""
