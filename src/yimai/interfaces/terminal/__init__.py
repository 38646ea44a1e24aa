"""What the ``yimai`` command prints, in Chinese or English."""
