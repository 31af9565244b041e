"""With LETHE_REQUIRE_REFERENCE_DATA set (continuous integration), tests that need the reference data may not be
passed over for want of it.

usage: reference_data_test.py DEFAULT-FOLDER
"""

import os
import pathlib
import sys

default = sys.argv[1]
folder = pathlib.Path(os.environ.get("LETHE_REFERENCE_DATA", default))
if os.environ.get("LETHE_REQUIRE_REFERENCE_DATA") != "1":
    print(f"not required here; {folder} is {'there' if folder.is_dir() else 'absent'}")
elif not folder.is_dir() or not any(folder.iterdir()):
    sys.exit(f"LETHE_REQUIRE_REFERENCE_DATA=1, and {folder} is absent or empty: name the folder in LETHE_REFERENCE_DATA")
else:
    print(f"{folder} is there")
