"""QloApps as the PMS of a hotel."""
