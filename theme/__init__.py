"""What makes the site look like squared paper: templates, fonts, one stylesheet, addresses."""
