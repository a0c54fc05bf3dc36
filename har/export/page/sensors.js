// sensors
