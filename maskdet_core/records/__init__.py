"""Schemas of the records that training writes, and that model card and metrics page read.

A run's folder holds `run.json`, `epochs.jsonl` (one object a line) and, once its network has been
measured, `evaluation.json`. Records that compare networks lie beside the model card, those of a
finder in its manifest. Writers fill every required key. A file can be half written or by an older
version, so readers must not rely on any.
"""
