"""What the collectors share. A tool that is missing, slow, failing or odd costs one line on stderr and is no failure."""
import contextlib, errno, fcntl, json, os, re, signal, socket, sys
from datetime import datetime, timezone
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired

FOLDER = os.environ.get("TELEMETRY_DIR") or "/host-logs/telemetry"


class Problem(Exception):
    """Why there is nothing to write. It is no failure of the run."""


def run(service, collect, folder=FOLDER):
    """Runs `collect` and ends the process. Of two runs at the same time the later one ends at once."""
    try:
        lock = os.open(f"{folder}/.{service}.lock", os.O_RDONLY | os.O_CREAT, 0o640)  # no change to who watches the folder
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        sys.exit(collect())
    except BlockingIOError:
        sys.stderr.write(f"{service}: an earlier run is still going\n")
    except Problem as problem:
        sys.stderr.write(f"{service}: {problem}\n")
    except OSError as error:
        sys.exit(f"{service}: cannot write {error.filename or folder}: {error.strerror}")


def start(*command, **how):
    """Starts a tool in the C locale: a point for decimals, English words. Its stderr may quote anything and goes nowhere."""
    try:
        return Popen(command, env={**os.environ, "LC_ALL": "C"}, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, **how)
    except OSError as error:
        why = "it is not installed" if isinstance(error, FileNotFoundError) else error.strerror
        raise Problem(f"cannot ask {command[0]}: {why}") from None


def ask(*command, seconds=20, statuses=(0,)):
    """What a tool prints. It and all that it starts end in time."""
    with start(*command, start_new_session=True) as child:
        try:
            printed, _ = child.communicate(timeout=seconds)
        except TimeoutExpired:
            raise Problem(f"cannot ask {command[0]}: no answer within {seconds} s") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
    if child.returncode not in statuses:
        raise Problem(f"cannot ask {command[0]}: it ended with status {child.returncode}")
    return printed.decode(errors="replace")


@contextlib.contextmanager
def reading(what):
    """Stands around code that takes text of others apart, so that odd text is a problem and no crash."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        raise Problem(f"cannot read {what}: it has another form than expected") from None


def number(text):
    """The number that `text` begins with, in bytes where a unit of those follows. None for `[N/A]`, `--` and the like."""
    if not (found := re.match(r"\s*(-?\d+(?:[.,]\d+)?(?:e[-+]?\d+)?)\s*(?:([kKMGTPE]?)(i?)B)?", str(text), re.ASCII)):
        return None
    digits, prefix, binary = found.groups()
    amount = float(digits.replace(",", ".")) * (1024 if binary else 1000) ** " KMGTPE".index((prefix or " ").upper())
    return round(amount) if prefix or amount.is_integer() else amount


def write(service, at=None, **fields):
    append(f"{FOLDER}/{service}.jsonl", {"service": service, "host": socket.gethostname(), **fields}, at)


def append(path, record, at=None):
    """Adds a line by one write, all of it or nothing. The file is opened each time, so renaming it is all that rotates it."""
    record = {"ts": (at or datetime.now(timezone.utc)).isoformat(timespec="milliseconds"), **record}
    line = json.dumps(record, separators=(",", ":"), allow_nan=False).encode() + b"\n"
    with open(path, "ab", buffering=0) as file:
        if (written := file.write(line)) != len(line):
            file.truncate(file.tell() - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
