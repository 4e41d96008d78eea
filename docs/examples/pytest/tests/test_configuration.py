"""Any other tests of the project: the plugin leaves them alone."""


def test_ports_are_what_the_firewall_lets_through():
    assert 8080 in range(8000, 9000)
