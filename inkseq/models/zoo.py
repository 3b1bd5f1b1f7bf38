"""Every model by the name in its configuration: `MODELS[config.name](config, num_classes)`."""

from inkseq.models.hybrid import BiLSTM

MODELS = {"bilstm": BiLSTM}
