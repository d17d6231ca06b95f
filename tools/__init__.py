"""Small helpers round the site: make its environment, find a browser, serve the pages."""
