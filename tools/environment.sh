#!/bin/sh
# Make or renew .venv: a Python from 3.11 to 3.14, and exactly what requirements.txt lists.
# PYTHON names the Python to use; without it, the first that fits.
set -eu
cd "$(dirname "$0")/.."

fits='import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))'

find_python() {
  for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
    if "$name" -c "$fits" 2>/dev/null; then
      echo "$name"
      return
    fi
  done
  echo "This project needs Python 3.11, 3.12, 3.13 or 3.14, and found none of them." >&2
  echo "Tried: ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}." >&2
  echo "Install one, or name it: make PYTHON=/path/to/python3 ..." >&2
  return 1
}

# Debian and Ubuntu ship Python without venv's other half; get it where that may be done.
require_ensurepip() {
  "$1" -c 'import ensurepip, venv' 2>/dev/null && return
  package="$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
  if [ "$(id -u)" = 0 ]; then sudo=""; else sudo="sudo -n"; fi
  if command -v apt-get >/dev/null && ${sudo:+$sudo} true 2>/dev/null; then
    echo "Python can make no environments yet; installing the system's package $package."
    if ${sudo:+$sudo} apt-get update -qq &&
      ${sudo:+$sudo} apt-get install -y -qq --no-install-recommends "$package" >/dev/null; then
      return
    fi
  fi
  echo "Python can make no environments yet: its module ensurepip is missing." >&2
  echo "On Debian and Ubuntu type: sudo apt-get install $package" >&2
  return 1
}

if ! .venv/bin/python -c "$fits" 2>/dev/null ||
  ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  python="$(find_python)"
  require_ensurepip "$python"
  echo "Making .venv with $("$python" --version)."
  "$python" -m venv --clear .venv
fi
echo "Installing what requirements.txt lists into .venv; the first time takes a minute or so."
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
  --requirement requirements.txt
