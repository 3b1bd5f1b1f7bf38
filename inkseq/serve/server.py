"""The server's process: its address, its patience, its end."""

import os
import socket
import sys
from pathlib import Path

import torch
import uvicorn

from inkseq.config import ServeConfig
from inkseq.errors import UserError
from inkseq.inference.recogniser import Recogniser
from inkseq.serve.app import LOOPBACK, Server, make_app
from inkseq.serve.doorplate import open_browser, say_how_others_come, url
from inkseq.serve.limits import ImpatientProtocol
from inkseq.serve.own import OwnDrawings

KEEP_ALIVE, FINISH_WITHIN = 5, 3  # seconds
MOST_FILES = 16_384  # connections among them; 1,024, as usual, one client could use up
THREADS = max(1, (os.cpu_count() or 1) // 2)  # those that wait for each other must not take the network's core
SWITCH = 2e-4  # seconds; with Python's 5 ms the recogniser waits for the network's thread between any two of its steps
WARM_UP = [[[0, 3, 255, 9], [0, 200, 255, 1], [0, 1, 2, 3]]]  # with times, so that simplification is compiled as well


def serve(config: ServeConfig, own: Path) -> None:
    """Until Ctrl-C or SIGTERM, at which what is under way is finished, if that takes no more than seconds."""
    torch.set_num_threads(THREADS)
    recogniser = Recogniser(config.run, config.device)
    recogniser.predict(WARM_UP)
    sys.setswitchinterval(SWITCH)
    hosts = sorted(LOOPBACK | {"[::1]"}) if config.host in LOOPBACK else ["*"]
    server = Server(recogniser, OwnDrawings(own), config.threshold, config.rate)
    server.pupil.keep_up()
    allow_files()
    listening = listen(config.host, config.port)
    port = listening.getsockname()[1]
    words = f"{len(recogniser.trained.classes)} classes"
    if recogniser.lessons:
        words += f", and {len(recogniser.lessons)} words taught into {own}"
    print(f"{config.run}: {words}, at {url(config.host, port)}", flush=True)
    if config.host not in LOOPBACK:
        print(f"everybody who reaches {config.host} can draw here, and teach into {own}", flush=True)
    say_how_others_come(config.host, port)
    if config.browser:
        open_browser(config.host, port)
    settings = uvicorn.Config(
        make_app(server, hosts),
        http=ImpatientProtocol,
        ws="none",
        log_level="warning",
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=FINISH_WITHIN,
        server_header=False,
    )
    try:
        uvicorn.Server(settings).run([listening])
    except KeyboardInterrupt:
        if not server.busy():
            raise
        print("inkseq: stopped. What took too long was not finished.", file=sys.stderr, flush=True)
        os._exit(130)  # since to take a thread out of the middle of PyTorch, as Python's own end does, is a crash


def allow_files() -> None:
    """Let this process have as many files open as the system allows; Windows has no such bound."""
    try:
        import resource
    except ModuleNotFoundError:
        return
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if most == resource.RLIM_INFINITY else min(MOST_FILES, most)
    if now != resource.RLIM_INFINITY and now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def listen(host: str, port: int) -> socket.socket:
    """A socket at this address, or a line about why there is none."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UserError(f"cannot listen at {host}, port {port}: {error.strerror}") from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen()  # before the address is told, so that nobody is turned away who comes at once
    except (OSError, OverflowError) as error:
        listening.close()
        raise UserError(f"cannot listen at {host}, port {port}: {getattr(error, 'strerror', error)}") from None
    return listening
