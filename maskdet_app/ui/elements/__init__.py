"""Elements that several pages draw: the base of their charts, and the legend of the frames."""
