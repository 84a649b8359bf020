"""Face finding: a Haar cascade proposes windows, a network verifies them.

Entry points:

- `maskdet_core.faces.loading.load_finder`: the finder for a preset
- `maskdet_core.faces.finder.FaceFinder`: what a finder of your own has to offer
- `maskdet_core.faces.cascade_finder.CascadeFaceFinder`: Maskdet's own finder
- `maskdet_core.faces.opencv_finder.OpenCvFaceFinder`: OpenCV's frontal face cascade, the baseline
- `maskdet_core.faces.manifest.CascadeManifest`: files, geometry and presets of a finder
"""
