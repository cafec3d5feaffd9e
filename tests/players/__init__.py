"""Players that are not ours play what a real cluster serves. The picture's clock tells what they show."""
