"""Any picture network of timm (PyTorch Image Models), by its name there: model=image model.backbone=resnet18."""

from torch import Tensor, nn

from inkseq.config import ImageConfig
from inkseq.models.pictured import Pictured


class Image(Pictured):
    def __init__(self, config: ImageConfig, num_classes: int) -> None:
        super().__init__(config.picture)
        import timm

        self.body = timm.create_model(config.backbone, in_chans=self.picture.planes, num_classes=0)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(int(self.body.num_features), num_classes)  # type: ignore[arg-type]

    def see(self, picture_BCYX: Tensor) -> Tensor:
        features_BC: Tensor = self.dropout(self.body(picture_BCYX).float())
        return features_BC
