"""Face finding: Haar cascades propose windows, a verifier scores them, clusters are merged.

Entry points:

- `maskdet_core.faces.loading.load_finder`: the finder for a preset
- `maskdet_core.faces.finder.FaceFinder`: what a finder of your own has to offer
- `maskdet_core.faces.cascade_finder.CascadeFaceFinder`: Maskdet's own cascades
- `maskdet_core.faces.opencv_finder.OpenCvFaceFinder`: OpenCV's frontal face cascade, the baseline
- `maskdet_core.faces.manifest.CascadeManifest`: files, geometry and presets of the cascades
"""
