"""Tests of pmo-optimizer."""
