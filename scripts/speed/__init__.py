"""How fast har is: modules of `scripts/benchmark`, in the order in which to read them.

- `measure`: what is found, beside a reference measured in turn with it.
- `worker`: a process of its own for an object.
- `material`: what all contenders of a recipe work on.
- `contenders`: frameworks that train and predict; `torch_network`, `torch_heading` and
  `torch_training` are PyTorch's.
- `turns`: contenders take turns, alone or beside a busy process.
- `commands`: what whole commands take; `launch` starts them.
- `targets`: what measures should come to.
- `result`: the JSON file, and what got slower.
- `speed_tables`: README's tables and picture.
"""
