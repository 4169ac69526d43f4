"""People, teams, roles (人员、团队、角色): who stands above whom, and who may do what."""
