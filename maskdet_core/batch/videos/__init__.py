"""Video files: their check in a process of their own, results folder and reports."""
