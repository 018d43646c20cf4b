"""directory: who the city is. Units, posts, people, who holds what, named audiences, accounts."""

from contracts.directory.accounts import *
from contracts.directory.appointments import *
from contracts.directory.audit import *
from contracts.directory.facts import *
from contracts.directory.identities import *
from contracts.directory.imports import *
from contracts.directory.organisation import *
from contracts.directory.people import *
from contracts.directory.reorganisation import *
