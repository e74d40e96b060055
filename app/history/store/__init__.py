"""Every query over positions, refused fixes and surveys (`positions`), passages (`passages`), presses and questions
about areas."""
