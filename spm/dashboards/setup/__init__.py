"""Setup: what an admin keeps in order. Company, calendar, people, teams, territories, mail, audit log."""
