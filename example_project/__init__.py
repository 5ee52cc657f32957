"""A small site with django-mediacloud in it: for a first look, for the tests, and to copy from."""

from importlib.util import find_spec

if find_spec("MySQLdb") is None and find_spec("pymysql") is not None:
    # MySQL and MariaDB without a C compiler: PyMySQL stands in for mysqlclient, which Django's backend asks for.
    import pymysql

    pymysql.install_as_MySQLdb()
