# SPDX-License-Identifier: GPL-2.0-or-later
# Fixtures of the scenario tests and of the validation of their messages: where things are.
import pytest

from places import BUILD, SHARED_MISSING, shared_folder


@pytest.fixture(scope='session')
def build():
    """The build folder: $ESPALIER_BUILD, or build."""
    return BUILD


@pytest.fixture(scope='session')
def shared():
    """$ESPALIER_SHARED, or shared/ beside the repository; a test that needs it is skipped where it is missing."""
    return shared_folder() or pytest.skip(SHARED_MISSING)
