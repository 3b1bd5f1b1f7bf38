"""Where the page is found: on this machine, and by a phone in the same network, which a QR code takes there."""

import socket
import sys
import threading
import webbrowser

import segno

from inkseq.serve.app import LOOPBACK

ANYWHERE = ("0.0.0.0", "::")  # hosts that stand for all addresses of this machine
ELSEWHERE = "192.0.2.1"  # an address that is nobody's, for documents


def url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def say_how_others_come(host: str, port: int) -> None:
    """The address for others in the network, where it is open to them; on a terminal as a QR code too."""
    address = in_network() if host in ANYWHERE else host
    if host in LOOPBACK or address is None:
        return
    print(f"on a phone in the same network: {url(address, port)}", flush=True)
    if sys.stdout.isatty():
        segno.make(url(address, port)).terminal(compact=True)


def in_network() -> str | None:
    """This machine's address in its network; None without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way_out:
        try:
            way_out.connect((ELSEWHERE, 9))  # nothing is sent: it only finds the way
        except OSError:
            return None
        return str(way_out.getsockname()[0])


def open_browser(host: str, port: int) -> None:
    """Show the page on this machine, by a thread: a browser within the terminal waits for the server."""
    here = "127.0.0.1" if host in ANYWHERE else host
    threading.Thread(target=webbrowser.open, args=[url(here, port)], daemon=True).start()
