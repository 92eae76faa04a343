#!/usr/bin/env python3
"""Installs
linux-generic? no
"""
import os
config["kernel"] = {"package": "linux-image-generic-hwe-20.04-edge"}
util.subp(["apt-get", "install", \
  "linux-generic"])  # c
