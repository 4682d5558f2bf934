"""What ``manage.py bench`` measures, on a generated company in a database of its own."""
