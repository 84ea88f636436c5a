"""What operating systems do differently: each difference in one place, the ways of Windows and of others side by side.

Nothing else in the package asks which system it is on (``tests/test_system.py``), and nothing here knows the package.
"""
