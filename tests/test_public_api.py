"""The public names: all there, all listed, and costing nothing until one is used."""

import subprocess
import sys

import pytest

import millrace


def test_every_listed_name_is_there_and_documented():
    for name in millrace.__all__:
        assert getattr(millrace, name).__doc__, name


def test_nothing_is_public_that_is_not_listed():
    assert set(dir(millrace)) == {*millrace.__all__, "__version__"}
    assert set(millrace._PUBLIC) == set(millrace.__all__)


def test_the_public_names_are_these():
    assert millrace.__all__ == ["Agent", "MillraceError", "Observers", "PushSource"]


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'agent'"):
        _ = millrace.agent


def test_importing_the_package_imports_no_heavy_library():
    code = "import sys, millrace; print({'torch', 'av', 'cv2', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
