"""What is known of pictures: boxes, labels, poses, and boxes that one person looked at."""
