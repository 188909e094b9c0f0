"""The Faust worker that runs both stages: what arrives, what is committed when, and how it says that it is well."""
