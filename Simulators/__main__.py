"""The entry of all simulators: `python -m Simulators metaworld describe`."""

from .client.command import main

main()
