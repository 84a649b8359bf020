"""Mask classification: square crops in, probabilities out.

Entry points:

- `maskdet_core.masks.loading.load_classifier`: the classifier of a manifest or `.keras` file
- `maskdet_core.masks.classifier.Classifier`: what a classifier of your own has to offer
- `maskdet_core.masks.classifier.MaskClassifier`: a LiteRT network
- `maskdet_core.masks.keras_classifier.KerasMaskClassifier`: a Keras network
- `maskdet_core.masks.crops.square_crop`: the crop that the classifier expects
- `maskdet_core.masks.face_rule.FaceRule`: which candidates are faces
- `maskdet_core.masks.manifest.ModelManifest`: classes, input size, crop framing and thresholds
"""
