"""Imported by the server that trials are forked from: everything a trial needs, and not to be ended before them."""

import signal

import torch._dynamo  # noqa: F401  an optimiser imports it as it is made, which takes a second

import inkseq.sweep.worker  # noqa: F401

# A cluster that is out of time signals every process of a job. Were this server to end first, nobody would know what
# becomes of its trials; it ends when the search does. Trials let the signal in again.
if hasattr(signal, "pthread_sigmask"):
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
