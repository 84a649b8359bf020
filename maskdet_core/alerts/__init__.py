"""Alerts that leave the program: which events people raise, and their way to webhook and MQTT.

`events` decides, `message` says it in JSON, `webhook` and `mqtt` send it. Nothing here waits for
the network but threads of its own.
"""
