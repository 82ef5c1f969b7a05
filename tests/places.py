# SPDX-License-Identifier: GPL-2.0-or-later
# Where things are, for scenario tests and for the validation of their messages.
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = (ROOT / os.environ.get('ESPALIER_BUILD', 'build')).resolve()
MESSAGES = BUILD / 'test' / 'messages'
SHARED_MISSING = '../shared is missing'


def shared_folder():
    """The folder of schemas, models and stand-ins that lies beside the repository, or None."""
    folder = pathlib.Path(os.environ.get('ESPALIER_SHARED') or ROOT.parent / 'shared')
    return folder.resolve() if (folder / 'spec').is_dir() else None
