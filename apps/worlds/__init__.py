"""What `agent world` writes: video, labels, masks and a contact sheet of one rendered world."""
