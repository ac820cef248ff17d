"""From a workflow as the canvas saves it (UI format) to the API graph that the page would queue. Pure."""
