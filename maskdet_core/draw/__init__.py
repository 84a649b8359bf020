"""Drawing on images: verdicts, blurred faces, class activation maps.

Entry points:

- `maskdet_core.draw.annotate.annotate`: frames and labels
- `maskdet_core.draw.anonymise.blur_faces`: faces made unrecognisable
- `maskdet_core.draw.activation_map.draw_activation_map`: what a verdict rests on
"""
