"""The application on a socket: ASGI's messages, HTTP's connections, a process or several."""
