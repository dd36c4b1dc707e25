"""The only room that names concrete classes: live, replay and headless are put together here, each in one place."""
