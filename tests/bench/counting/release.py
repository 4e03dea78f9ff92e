"""The release build whose instructions are counted: where it is, how it is made, and what made it."""

import fcntl
import glob
import os
import platform
import re
import shutil
import subprocess
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
FOLDER = os.environ.get("MOTET_TEST_RELEASE") or os.path.join(SOURCE, "build", "release")

LAST_LINES = 40


def run(command, why):
    done = subprocess.run(command, cwd=SOURCE, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        last = done.stdout.splitlines()[-LAST_LINES:]
        sys.exit("\n".join([*last, f"{why}: {' '.join(command)}"]))


def build():
    """Brings all that is installed up to date, one process at a time."""
    cmake = os.environ.get("CMAKE_COMMAND") or shutil.which("cmake")
    if cmake is None:
        sys.exit("cmake is not here, so nobody can tell whether the release build is up to date; tests/run installs it")
    os.makedirs(FOLDER, exist_ok=True)
    with open(os.path.join(FOLDER, ".instructions.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(os.path.join(FOLDER, "build.ninja")):
            run([cmake, "--preset", "release", "-B", FOLDER], "the release build cannot be configured")
        modules = ["mod_" + name for name in os.listdir(os.path.join(SOURCE, "modules"))]
        run([cmake, "--build", FOLDER, "--target", "motetd", "motetctl", "manuals", "motet-modtest-program", *modules], "the release build cannot be made")


def check():
    """Ends the program unless there is something to count, and with what."""
    if not shutil.which("valgrind"):
        sys.exit("valgrind is missing; tests/run installs it")
    if not os.path.exists(os.path.join(FOLDER, "motetd")):
        sys.exit(f"{FOLDER} has no motetd: build it, or leave out --as-is")
    with open(os.path.join(FOLDER, "CMakeCache.txt")) as file:
        cache = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
    if cache.get("CMAKE_BUILD_TYPE:STRING") != "RelWithDebInfo" or cache.get("MOTET_SANITIZE:STRING"):
        sys.exit(f"{FOLDER} is not configured as the preset release has it; remove it, or name another by MOTET_TEST_RELEASE")


def toolchain():
    """Processor and compiler, as far as the same sources give other instructions with others."""
    files = glob.glob(os.path.join(FOLDER, "CMakeFiles", "*", "CMakeCCompiler.cmake"))
    text = "".join(open(file).read() for file in files[-1:])
    name, version = (re.search(f'set\\(CMAKE_C_COMPILER_{what} "([^"]*)"\\)', text) for what in ("ID", "VERSION"))
    if not name or not version:
        sys.exit(f"{FOLDER} does not tell what compiler made it")
    return f"{platform.machine()} {name[1]} {version[1].split('.')[0]}"
