"""What a detector, a check and a source are: the surfaces that third parties implement.

Importing these loads neither pyarrow nor any detector: declaring must stay cheap, because `policy check`
needs every declaration and no answer.
"""
