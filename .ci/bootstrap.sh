# Sourced by ./run, ./test and .ci/run: finds a Python, gets uv, installs what uv.lock names.
# Afterwards the project's own interpreter is .venv/bin/python.

say() { printf '%s\n' "$*" >&2; }

find_python() {
  for candidate in "${PYTHON:-python3}" python3 python3.14 python3.13 python3.12 python3.11; do
    # A version manager's shim may exist and fail, so each is tried and not only looked up.
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done
  return 1
}

install_uv() {
  [ -x .tools/bin/uv ] && return 0
  "$PY" -m venv .tools || return 1
  .tools/bin/python -m pip install -q --disable-pip-version-check uv==0.13.9
}

# Compiled once here, and not by every process that starts where Python may not keep what it compiles.
install_locked() { .tools/bin/uv sync -q --frozen --inexact --compile-bytecode --python "$PY" "$@"; }

bootstrap() {
  PY=$(find_python) || {
    say "Python 3.11 or newer with the venv module is needed. On Debian or Ubuntu: apt install python3 python3-venv."
    say "Set PYTHON to the interpreter to use when it is not on the PATH."
    exit 1
  }
  export UV_PYTHON_DOWNLOADS=never
  # A start without network works as long as the lock file has not changed.
  wanted=$(cat uv.lock pyproject.toml | cksum)-$*
  [ "$(cat .venv/.installed 2>/dev/null)" = "$wanted" ] && [ -x .venv/bin/python ] && return 0
  [ -x .venv/bin/python ] || say "Installing into .venv; the first time takes a minute."
  install_uv || {
    say "uv could not be installed into .tools: is the Python package index reachable (or PIP_INDEX_URL set)?"
    exit 1
  }
  # Behind a proxy that opens TLS only the machine's own certificates will do; a bare machine may have none.
  install_locked "$@" 2>/dev/null || install_locked --system-certs "$@" || {
    say "The dependencies named in uv.lock could not be installed. Is the package index reachable"
    say "(UV_INDEX_URL names another one) and is there a wheel for this platform? Then run this again."
    exit 1
  }
  printf '%s' "$wanted" > .venv/.installed
}
