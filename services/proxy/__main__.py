"""Runs the proxy service."""

from services.chassis.run import main
from services.proxy.settings import ProxySettings
from services.proxy.wiring import wire

if __name__ == "__main__":
    main("proxy", ProxySettings, wire)
