#!/bin/sh
# install.sh PYTHON VENV REQUIREMENTS: make the environment and install editable packages into it.
# The build backend goes in first so that pip need not build each package in a world of its own.
set -eu
python=$1 venv=$2 requirements=$3
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or newer is needed; say which with: make PYTHON=/path/to/python3" >&2
    exit 1
}
if command -v uv >/dev/null 2>&1; then
    [ -x "$venv/bin/python" ] || uv venv --quiet --python "$python" "$venv"
    uv pip install --quiet --python "$venv/bin/python" "hatchling>=1.27" "editables>=0.5" "setuptools>=70.1"
    uv pip install --quiet --python "$venv/bin/python" --no-build-isolation -r "$requirements"
else
    [ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "hatchling>=1.27" "editables>=0.5" "setuptools>=70.1"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --no-build-isolation -r "$requirements"
fi
