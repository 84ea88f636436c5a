"""The one description of a run: frozen, validated, a TOML file."""

from .compatibility import MAX_PARAMETERS, count_parameters
from .confinement import confined
from .edit import add_layer, move_layer, remove_layer, with_field
from .errors import ExperimentError, escaped, meant, printable, quoted
from .inference import Target, Task, resolve
from .plain_file import read_plain, replace_file
from .schema import (
    MAX_LAYERS,
    ActivationName,
    ColumnKind,
    DatasetConfig,
    DelimiterName,
    EarlyStoppingConfig,
    Experiment,
    InitializerName,
    LayerConfig,
    LossName,
    MetricName,
    ModelConfig,
    OptimizerConfig,
    OptimizerName,
    OutputConfig,
    PointConfig,
    TrainingConfig,
)
from .share import is_shared, share, unshare
from .toml_file import dumps, loads, read, write
from .validation import from_plain, to_plain, validate

__all__ = [
    "MAX_LAYERS",
    "MAX_PARAMETERS",
    "ActivationName",
    "ColumnKind",
    "DatasetConfig",
    "DelimiterName",
    "EarlyStoppingConfig",
    "Experiment",
    "ExperimentError",
    "InitializerName",
    "LayerConfig",
    "LossName",
    "MetricName",
    "ModelConfig",
    "OptimizerConfig",
    "OptimizerName",
    "OutputConfig",
    "PointConfig",
    "Target",
    "Task",
    "TrainingConfig",
    "add_layer",
    "confined",
    "count_parameters",
    "dumps",
    "escaped",
    "from_plain",
    "is_shared",
    "loads",
    "meant",
    "move_layer",
    "printable",
    "quoted",
    "read",
    "read_plain",
    "remove_layer",
    "replace_file",
    "resolve",
    "share",
    "to_plain",
    "unshare",
    "validate",
    "with_field",
    "write",
]
