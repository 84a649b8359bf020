"""What is no face: hard negatives, loose boxes; and boxes that may lack a label."""
