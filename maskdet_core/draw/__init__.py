"""Drawing on pictures: verdicts, blurred faces, class activation maps."""
